"""The workbench: one person's samples, and who it is, whether it is who is claimed, whether they may pass."""

from typing import Annotated

from fastapi import Depends
from fastapi.responses import HTMLResponse

from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit, visiting

router = page_router()


@router.get("/recognise")
async def workbench(visit: Annotated[Visit, Depends(visiting())]) -> HTMLResponse:
    """Identify, verify, enrol, check a movement; its script asks the operations for what the caller may do."""
    return visit.page("workbench.html", {})
