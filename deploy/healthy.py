"""Exits 0 if the web application of this container is ready: so is its database."""

import http.client
import os
import sys

host = os.environ.get("CHIMERA_HOSTS", "localhost").split(",")[0].strip()
connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=8)
# As the proxy would ask: by a name that is allowed, over TLS.
connection.request("GET", "/health/ready/", headers={"Host": host, "X-Forwarded-Proto": "https"})
sys.exit(connection.getresponse().status >= 400)
