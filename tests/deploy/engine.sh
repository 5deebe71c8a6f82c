#!/usr/bin/env bash
# Runs a command of buildah's or podman's with an image store of its own, so that neither the
# machine's images nor a registry have a part in a test.
#   tests/deploy/engine.sh FOLDER COMMAND...
# FOLDER holds store and settings. Needs root.
set -euo pipefail

folder=${1:?where may the images lie?}
shift
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

driver=vfs
if grep -qw overlay /proc/filesystems; then driver=overlay; fi
# Whole or not at all: others may be reading it.
put() { cat >"$folder/$1.$$" && mv "$folder/$1.$$" "$folder/$1"; }

put storage.conf <<TEXT
[storage]
driver = "$driver"
graphroot = "$folder/store"
runroot = "$folder/run"
TEXT
# runc, because Debian's crun refuses hybrid cgroups; limits no higher than a process may set for
# itself where CAP_SYS_RESOURCE is missing; no systemd to ask and no journal to write to.
put containers.conf <<TEXT
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
TEXT
export CONTAINERS_STORAGE_CONF=$folder/storage.conf CONTAINERS_CONF=$folder/containers.conf
exec "$@"
