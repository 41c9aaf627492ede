"""Who works where the notes are: the same people at every pretend service, so that they match."""

from attrs import frozen

__all__ = ["Colleague", "colleague"]

_NAMES = (("Jane", "Doe"), ("John", "Doe"), ("Max", "Muster"))


@frozen
class Colleague:
    """Somebody who writes notes."""

    first: str
    last: str
    email: str
    phone: str

    @property
    def name(self) -> str:
        """The whole name."""
        return f"{self.first} {self.last}"


def colleague(number: int) -> Colleague:
    """Give one of them; there is no end of them."""
    first, last = _NAMES[number] if number < len(_NAMES) else ("Agent", f"Nr{number}")
    email = f"{first}.{last}@agency.example.com".lower()
    return Colleague(first, last, email, f"+1555900{number:04d}")
