#!/usr/bin/env bash
# Installs a folder's npm packages, exactly those of its lock file, for development only.
#   tests/npm.sh SOURCE FOLDER
# SOURCE has package.json and package-lock.json; the packages come into FOLDER/node_modules, and the
# scripts of SOURCE into FOLDER, because imports are looked up from where a script lies. Packages
# that are there already are not installed again.
set -euo pipefail
source=${1:?which folder has package.json?}
folder=${2:?into which folder?}

mkdir -p "$folder"
cp "$source"/*.mjs "$source/package.json" "$source/package-lock.json" "$folder"
cmp -s "$source/package-lock.json" "$folder/node_modules/installed-lock.json" && exit 0
cd "$folder"
npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1 || {
    tail -n 20 npm.log >&2
    echo "npm.sh: the packages of $source could not be installed; they need npm and its registry" >&2
    exit 1
}
cp package-lock.json node_modules/installed-lock.json
