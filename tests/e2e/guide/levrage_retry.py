import requests
import time

def api_call_with_retry(method, url, headers, json=None, max_retries=3):
    """Make an API call with automatic retry on transient errors."""
    for attempt in range(max_retries):
        response = requests.request(method, url, headers=headers, json=json)

        if response.status_code == 200:
            return response.json()

        if response.status_code == 429:
            # Rate limited — wait for reset
            reset_time = int(response.headers.get("X-RateLimit-Reset", 0))
            wait = max(reset_time - int(time.time()), 1)
            print(f"Rate limited. Waiting {wait}s...")
            time.sleep(wait)
            continue

        if response.status_code >= 500:
            # Server error — exponential backoff
            wait = (2 ** attempt) + 0.5
            print(f"Server error {response.status_code}. Retrying in {wait}s...")
            time.sleep(wait)
            continue

        # Client error — don't retry
        error = response.json()
        raise Exception(f"API Error {response.status_code}: {error}")

    raise Exception("Max retries exceeded")
