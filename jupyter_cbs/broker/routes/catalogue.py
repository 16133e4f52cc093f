"""The granted part of the catalogue; nothing here knows of anything else."""

from __future__ import annotations

from ...domain.dataset import Dataset, DatasetSummary
from ...domain.gateway import ByName, CatalogueListing, CatalogueQuery
from ..calls import Call, handles


@handles("catalogue.list")
async def search(call: Call, request: CatalogueQuery) -> CatalogueListing:
    """List the granted data sets that match."""
    scope = call.authority.scope(call.principal.project)
    found = scope.search(request.query) if request.query.strip() else scope.datasets
    return CatalogueListing(
        datasets=tuple(DatasetSummary.of(dataset) for dataset in found),
        topics=len({dataset.topic for dataset in found}),
        query=request.query,
    )


@handles("catalogue.get")
async def get(call: Call, request: ByName) -> Dataset:
    """Give one data set with its variables."""
    return call.authority.scope(call.principal.project).get(request.name)
