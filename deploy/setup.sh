#!/usr/bin/env bash
# Installs what Debian 12 needs to build backstop, and with "test" also to test it. Asks nothing,
# installs only what is missing, and needs no network when nothing is.
#   deploy/setup.sh [build|test]
set -euo pipefail

# A package, or command=package where any program of that name will do.
build=(
    g++ cmake ninja-build ccache=ccache git=git curl=curl mold=mold ca-certificates
    libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev libssl-dev zlib1g-dev
    libcli11-dev libspdlog-dev libtomlplusplus-dev prometheus-cpp-dev
    # What the tests look for when they are configured, the simulator among them.
    libgtest-dev libgmock-dev librapidcheck-dev python3
)
test=(
    clang-format-14 clang-tidy-14 shellcheck=shellcheck openssl=openssl
    node=nodejs npm=npm python3-requests python3-aiohttp python3-yaml
    # What watches backstop: Prometheus with promtool, Alertmanager, a browser.
    prometheus prometheus-alertmanager chromium fonts-dejavu-core
    # Clients that no one here wrote.
    javac=default-jdk-headless go=golang-go
    # The image, built and run; the Debian package; what they are looked at with.
    buildah=buildah podman=podman runc=runc conmon=conmon catatonit=catatonit mmdebstrap=mmdebstrap
    lintian=lintian systemd-analyze=systemd man=man-db zsh=zsh fish=fish docker-compose=docker-compose
)

say() { printf '%s\n' "$*" >&2; }

case ${1:-build} in
    build) wanted=("${build[@]}") ;;
    test) wanted=("${build[@]}" "${test[@]}") ;;
    *)
        say "usage: deploy/setup.sh [build|test]"
        exit 64
        ;;
esac

command -v dpkg-query >/dev/null || {
    say "This is not Debian. Install what these Debian 12 packages hold, then build with cmake --preset debug:"
    say "  ${wanted[*]#*=}"
    exit 1
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing=()
for entry in "${wanted[@]}"; do
    case $entry in
        *=*) command -v "${entry%%=*}" >/dev/null || missing+=("${entry#*=}") ;;
        *) installed "$entry" || missing+=("$entry") ;;
    esac
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
        say "Missing: ${missing[*]}"
        say "Run this as root, or install them yourself: apt-get install ${missing[*]}"
        exit 1
    }
    as_root=(sudo)
fi
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 \
        -o Dpkg::Use-Pty=0 "$@" </dev/null
}

say "Installing ${#missing[@]} packages: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Nothing is removed: Debian's unversioned libboost-dev stands in the way of 1.81, for one.
if ! { apt update && apt install -y --no-install-recommends --no-remove "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    say "The packages could not be installed; the lines above say why. Where a package would be removed,"
    say "such as libboost-dev (1.74, which excludes 1.81), remove it yourself first: apt-get remove libboost-dev"
    exit 1
fi
