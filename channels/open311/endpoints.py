"""`/open311/v2/…`: GeoReport v2. Every address ends in `.json` or `.xml`."""

from fastapi import APIRouter, Request, Response

from channels import bodies
from channels.open311 import access, filing, rates, report, searching, services
from channels.open311.answers import answer
from channels.open311.protocol import Protocol
from channels.open311.wording import locale, say
from core.city import city
from core.database import transaction
from core.errors import NotFound
from core.settings import settings

CHANGED = "2026-11-22T00:00:00Z"  # the day this interface last changed, which the discovery document tells

# In no schema of ours: the protocol has its own, and every GeoReport client knows it.
router = APIRouter(prefix="/open311/v2", route_class=Protocol, include_in_schema=False)


@router.get("/discovery.{format}")
async def discovery(request: Request, format: str) -> Response:
    """Say where this server is, what it speaks and who gives out keys."""
    base = settings().public_url.rstrip("/") or str(request.base_url).rstrip("/")
    endpoint = {
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": f"{base}/open311/v2",
        "changeset": CHANGED,
        "type": "production",
        "formats": ["text/xml", "application/json"],
    }
    values = {"city": city().name_en if locale() == "en" else city().name, "hotline": city().hotline}
    return answer(
        format,
        "discovery",
        {
            "changeset": CHANGED,
            "contact": say("discovery.contact", **values),
            "key_service": say("discovery.keys", **values),
            "endpoints": [endpoint],
        },
    )


@router.get("/services.{format}")
async def list_services(format: str) -> Response:
    """Return what can be reported."""
    return answer(format, "services", services.services())


@router.get("/services/{code}.{format}")
async def define_service(code: str, format: str) -> Response:
    """Return what a service asks for."""
    return answer(format, "service_definition", services.definition(services.service(code)))


@router.post("/requests.{format}")
async def report_matter(request: Request, format: str) -> Response:
    """Open a ticket and return its number, with the code and the promised time in the notice."""
    body = await bodies.read(request, limit=report.LONGEST_BODY)
    fields = report.form(body, request.headers.get("content-type", ""))
    access.must_hold_key(fields.get("api_key", ""))
    access.must_be_here(fields.get("jurisdiction_id", ""))
    asked = report.read(fields)
    async with transaction() as session:
        number, notice = await filing.file(session, fields, asked)
    made = {"service_request_id": number, "service_notice": notice, "account_id": asked.account or None}
    return answer(format, "service_requests", [made])


@router.get("/requests.{format}")
async def list_requests(
    request: Request,
    format: str,
    service_request_id: str = "",
    service_code: str = "",
    start_date: str = "",
    end_date: str = "",
    status: str = "",
) -> Response:
    """Return requests that everybody may see, newest first; ids go before everything else that is asked for."""
    rates.admit(request, search=True)
    async with transaction() as session:
        if service_request_id:
            found = await searching.by_numbers(session, service_request_id)
        else:
            found = await searching.search(session, codes=service_code, start=start_date, end=end_date, status=status)
    return answer(format, "service_requests", found)


@router.get("/requests/{number}.{format}")
async def read_request(number: str, format: str) -> Response:
    """Return how one request stands."""
    async with transaction() as session:
        found = await searching.one(session, number)
    return answer(format, "service_requests", found)


@router.get("/tokens/{token}.{format}")
async def read_token(token: str, format: str) -> Response:
    """Refuse: every report gets its number at once, so no token was ever given out."""
    raise NotFound(say("refused.token"))


@router.api_route("/{address:path}", methods=["GET", "POST"])
async def no_address(address: str) -> Response:
    """Refuse what the protocol has no address for, most often one without its format."""
    raise NotFound(say("refused.address"))
