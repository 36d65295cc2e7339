"""The pages of the console and the files that they load; nothing comes from another host."""

from http import HTTPStatus

from fastapi import FastAPI

from biometric_service.console import (
    adjudication,
    administration,
    agency_requests,
    agreement_drafting,
    agreements,
    audit,
    disclosures,
    held_transactions,
    intakes,
    keys,
    kiosk,
    manual_checks,
    musters,
    observatory,
    orders,
    photographs,
    places,
    received,
    releases,
    signing_in,
    statistics,
    subjects,
    visitors,
    whereabouts,
    workbench,
)
from biometric_service.console.rendering import STATIC, static_files
from biometric_service.console.routing import answer_missing

AREAS = (
    signing_in,
    workbench,
    intakes,
    kiosk,
    subjects,
    photographs,
    whereabouts,
    musters,
    orders,
    manual_checks,
    releases,
    visitors,
    adjudication,
    agreement_drafting,
    agreements,
    agency_requests,
    disclosures,
    received,
    held_transactions,
    places,
    administration,
    keys,
    statistics,
    observatory,
    audit,
)
"""Each has a ``router``; add yours."""


def add_console(api: FastAPI) -> None:
    """Add the console to the application that serves the operations."""
    for area in AREAS:
        api.include_router(area.router)
    api.mount(STATIC, static_files(), name="console")
    api.add_exception_handler(HTTPStatus.NOT_FOUND, answer_missing)
