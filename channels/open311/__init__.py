"""The door: Open311, for apps that report matters in public space and follow them.

router    `/open311/v2/…`: a GeoReport v2 server in JSON and XML; closed without `YITONG_OPEN311_KEYS`

It has no `deliver`: an app asks how its requests stand, and a ticket of this door has no conversation to push into.
Protocol: https://wiki.open311.org/GeoReport_v2 and https://wiki.open311.org/Service_Discovery.
"""

from channels.open311.endpoints import router

__all__ = ["router"]
