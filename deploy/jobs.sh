#!/usr/bin/env bash
# Prints how many compilers may run at once here: one per core, and 1.5 GB of memory for each, which
# is what a file that includes Asio takes.
set -euo pipefail

megabytes=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
for limit in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
    bytes=$(cat "$limit" 2>/dev/null || true)
    if [[ "$bytes" =~ ^[0-9]{1,15}$ ]] && [ $((bytes >> 20)) -lt "$megabytes" ]; then
        megabytes=$((bytes >> 20))
    fi
done
jobs=$((megabytes / 1536))
cores=$(nproc)
if [ "$jobs" -gt "$cores" ]; then jobs=$cores; fi
if [ "$jobs" -lt 1 ]; then jobs=1; fi
echo "$jobs"
