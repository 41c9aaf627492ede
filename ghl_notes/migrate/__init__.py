"""Move notes from another system into HighLevel: plan, apply, verify, undo.

    async with CloseNotes(api_key) as close, Client(token, location_id=...) as client:
        plan = await migrate.plan(close, client)  # writes nothing
        print(migrate.table(plan.report))
        report = await migrate.apply(plan)

Every moved note ends in a line such as ``[ghl_notes:close:acti_…]``. With it and with the ledger,
``apply`` can be stopped anywhere and run again, and never writes a note twice. HighLevel tells its
workflows of every note: those that start with one will start.
"""
