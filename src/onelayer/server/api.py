"""The JSON API: /v1/predict, /v1/explain, of a table /v1/score, /v1/model, /healthz."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer

from onelayer.card import plain
from onelayer.server import schema
from onelayer.server.answers import explanations, predictions
from onelayer.server.describe import described
from onelayer.server.limits import Limits
from onelayer.server.rejections import Rejection
from onelayer.server.scored_table import MEDIA_TYPE, scored_table
from onelayer.server.sent import Sent, read_examples
from onelayer.server.service import Service
from onelayer.server.uploads import media_type

Make = Callable[[Sent], list[dict[str, Any]]]


def api(service: Service, *, protected: bool) -> APIRouter:
    """Return the routes; where they are `protected`, the description says so."""
    # The guard asks for the token; this only writes the padlock into the description.
    padlock = [Depends(HTTPBearer(auto_error=False))] if protected else []
    routes = APIRouter()
    v1 = APIRouter(prefix="/v1", dependencies=padlock)
    _add_answers(v1, service, schema.refusals(protected=protected))
    description = plain(described(service.model, service.limits))

    @v1.get("/model", response_model=schema.Description, responses=schema.unauthorised(protected))
    async def model() -> JSONResponse:
        """Say what the model takes and tells apart, and show its card."""
        return JSONResponse(description)

    @routes.get("/healthz")
    async def healthz() -> schema.Health:
        """Say that the server is up."""
        return schema.Health(status="ok")

    routes.include_router(v1)
    return routes


def _add_answers(v1: APIRouter, service: Service, refusals: dict[int | str, Any]) -> None:
    """Add what is asked of examples: to predict, and to explain."""
    few = replace(service.limits, rows=service.limits.files)  # an explanation is as long as a row

    @v1.post(
        "/predict",
        response_model=schema.Predictions,
        responses=refusals,
        openapi_extra=schema.predict(service.model, service.limits),
    )
    async def predict(request: Request) -> JSONResponse:
        """Name the class of each file or row, and the probability of every class."""
        make = partial(predictions, service.model)
        return await _answer(service, request, service.limits, "predictions", make)

    @v1.post(
        "/explain",
        response_model=schema.Explanations,
        responses=refusals,
        openapi_extra=schema.explain(service.model, few),
    )
    async def explain(request: Request) -> JSONResponse:
        """Predict, and add what each number added to a class's score z.

        z is the intercept plus all contributions: exactly, up to rounding.
        """
        make = partial(explanations, service.model, of=request.query_params.get("class"))
        return await _answer(service, request, few, "explanations", make)

    if service.model.columns:
        _add_score(v1, service, refusals)


def _add_score(v1: APIRouter, service: Service, refusals: dict[int | str, Any]) -> None:
    """Add what is asked of a whole table."""

    @v1.post(
        "/score",
        response_model=schema.ScoredTable,
        responses=refusals,
        openapi_extra=schema.score(service.limits),
    )
    async def score(request: Request) -> JSONResponse:
        """Give a CSV back with the class and the probability of each row.

        Its first line names the columns, in any order.
        """
        kind = media_type(request)

        def work(body: bytes) -> JSONResponse:
            if kind != MEDIA_TYPE:
                raise Rejection(415, f"the Content-Type is {kind!r}: send {MEDIA_TYPE}")
            return JSONResponse(scored_table(service.model, service.limits, body))

        response: JSONResponse = await service.answer(request, work)
        return response


async def _answer(
    service: Service, request: Request, limits: Limits, key: str, make: Make
) -> JSONResponse:
    kind, content_type = media_type(request), request.headers.get("content-type", "")

    def work(body: bytes) -> JSONResponse:
        examples = read_examples(service, limits, kind, content_type, body)
        return JSONResponse({key: make(examples)})

    response: JSONResponse = await service.answer(request, work)
    return response
