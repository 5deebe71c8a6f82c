#!/usr/bin/env bash
# Writes what is made from other files: the PrometheusRule from the rules that Prometheus loads, and
# a rendered copy of each example for those without kustomize.
#   deploy/kubernetes/generate.sh [FOLDER]
# FOLDER: write there instead of beside this script, to compare. Needs kubectl 1.27 or newer.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
into=${1:-$here}
rules=$here/../prometheus/backstop.rules.yaml

mkdir -p "$into/monitoring" "$into/rendered"
{
    cat <<'YAML'
# Made by ../generate.sh from ../../prometheus/backstop.rules.yaml. Change that one.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: backstop
  labels:
    app.kubernetes.io/name: backstop
spec:
YAML
    if [ -f "$rules" ]; then sed 's/^\(.\)/  \1/' "$rules"; else echo '  groups: []'; fi
} >"$into/monitoring/prometheusrule.yaml"

for folder in admission example example-classic example-job monitoring; do
    {
        echo "# Made by ../generate.sh: what \`kubectl kustomize $folder\` prints."
        kubectl kustomize "$here/$folder"
    } >"$into/rendered/$folder.yaml"
done
