"""One call by one of Python's clients: client.py CLIENT URL GET|POST [advised]. Prints the status."""

import asyncio
import sys

import aiohttp
import requests
import urllib3.util

client, url, method, *setting = sys.argv[1:]
url += "/v1/things"
body = {"name": "Ada"} if method == "POST" else None


def by_requests():
    return requests.request(method, url, json=body).status_code


def by_requests_that_retries():
    retry = urllib3.util.Retry(
        total=2, status_forcelist=[429, 503], allowed_methods=None, raise_on_status=False
    )
    session = requests.Session()
    if "advised" not in setting:
        session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retry))
    return session.request(method, url, json=body).status_code


async def by_aiohttp():
    async with aiohttp.ClientSession() as session:
        async with session.request(method, url, json=body) as response:
            await response.read()
            return response.status


if client == "aiohttp":
    print(asyncio.run(by_aiohttp()))
else:
    print(by_requests() if client == "requests" else by_requests_that_retries())
