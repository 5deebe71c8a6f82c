#!/usr/bin/env bash
# Collects what one program needs in an image that begins with nothing.
#   deploy/collect.sh PROGRAM FOLDER
# FOLDER/files     the files: the program without debug information, each library that it loads with
#                  its licence and dpkg record (scanners read those), CA certificates, one user
# FOLDER/packages  the Debian packages of those libraries, for images that install them instead
set -euo pipefail

program=${1:?which program?}
folder=${2:?into which folder?}
files=$folder/files
user=65532 # nobody's number, as other images without a shell have it

mkdir -p "$files/usr/bin" "$files/etc/ssl/certs" "$files/var/lib/dpkg/status.d"
strip -o "$files/usr/bin/$(basename "$program")" "$program"

# ldd's lines: "NAME => PATH (…)", and the loader's "PATH (…)".
mapfile -t libraries < <(ldd "$program" | awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^\//) { print $i; break } }')
[ ${#libraries[@]} -gt 0 ] || { echo "collect.sh: $program loads no library; is it linked dynamically?" >&2; exit 1; }

for library in "${libraries[@]}"; do
    mkdir -p "$files$(dirname "$library")"
    cp -L "$library" "$files$library"
    # A package may know it under /usr/lib, the loader under /lib.
    dpkg-query -S "*$library" | sed 's/:.*//'
done | sort -u >"$folder/packages"
echo ca-certificates >>"$folder/packages"

while IFS= read -r package; do
    dpkg-query -s "$package" >"$files/var/lib/dpkg/status.d/$package"
    # Once for each source: the licences of Boost alone are larger than the program.
    source=$(dpkg-query -W -f '${source:Package}' "$package")
    mkdir -p "$files/usr/share/doc/$source"
    gzip -9nc "/usr/share/doc/$package/copyright" >"$files/usr/share/doc/$source/copyright.gz"
done <"$folder/packages"

cp /etc/ssl/certs/ca-certificates.crt "$files/etc/ssl/certs/"
echo "backstop:x:$user:$user:backstop:/:/sbin/nologin" >"$files/etc/passwd"
echo "backstop:x:$user:" >"$files/etc/group"
echo "hosts: files dns" >"$files/etc/nsswitch.conf"
