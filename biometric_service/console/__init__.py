"""The web pages, rendered here; small modules of script make them quick. Nothing comes from another host.

How to add to it:

**A page.** Write ``console/<area>.py`` with ``router = page_router()`` and functions like these, add the module to
``pages.AREAS``, and its entry to ``navigation.GROUPS`` (its name is the text ``nav.<name>``)::

    @router.get("/musters")
    async def musters(visit: Annotated[Visit, Depends(visiting(Scope.MUSTER))]) -> HTMLResponse:
        found = await operations.musters.list_musters(visit.admission, visit.asking, visit.services)
        return visit.page("musters.html", {"musters": found})

    @router.post("/musters")
    async def start(visit: Annotated[Visit, Depends(visiting(Scope.MUSTER))]) -> Response:
        asked = await visit.form(StartForm)  # a pydantic model; faults are told as a page
        ...
        return visit.go("/musters", "muster.started", name=asked.name)  # post, redirect, say it there

``visiting`` is the gate of the API: session, scope, limits on rate. Call the functions of ``api.operations`` rather
than stores: they ask for purpose and galleries and write the audit event. What none of them does asks
``visit.caller(*galleries)`` first and writes its own event. Raise ``BiometricServiceError``: it becomes a page that
says what to do. ``visit.may(Scope.X)`` decides what a page shows beyond its own scope.

**A template** (``templates/<area>.html``) extends ``frame.html``, fills the blocks ``title`` and ``content`` (and
``styles``, ``scripts``, ``keys`` for its own), has one ``h1``, and puts ``{{ parts.own(token) }}`` into every form that
is posted. ``parts.html`` has icons, notes, badges and times. No inline script or style: the policy forbids both.

**A fragment.** None is to be written: an element with an id is one. ``data-swap="board total"`` on a form or link has
its answer, a whole page, replace ``#board`` and ``#total``; ``data-refresh="5"`` asks for an element again every five
seconds; ``data-load="/path"`` fetches a slow one after the page (see ``static/swap.js``). Every page works without it.
A page that is asked again by the clock and reads people writes audit events by the clock too: answer from what tells
nobody's name, or let only a change be read.

**A script** (``static/<area>.js``) is a module; ``token.js`` has ``asked`` and ``post``, which any call of an operation
goes through: the browser's session lets it in, and the token proves that a page of ours asks. ``data-key="s"`` on a
control makes ``s`` press it; list it in the block ``keys``. Camera pictures and files go to the operations
under ``/v1/operations``.

**A text** goes under the name of its area into ``texts/strings/strings.en.json`` and ``.es.json``:
``{{ t.area.name }}``, ``{{ say("area.name", n=3) }}``, in scripts ``t("area.name", { n: 3 })``. Tests hold the
languages together and find words in templates.

**A test.** ``tests/browser/test_console_pages.py`` opens every page that has a route, in both themes and with axe-core,
so a page needs none for that; what it does is tested in a file of its own, with ``signed_in`` of ``tests/console.py``.
"""
