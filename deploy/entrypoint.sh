#!/bin/sh
# Sets the variables that Dagster and dbt read, from CANDLEHOUSE_* alone, then becomes the command.
set -eu
variables="$(candlehouse env)"
eval "$variables"
mkdir -p "$DAGSTER_HOME"
cp /opt/candlehouse/dagster_project/instance/dagster.yaml "$DAGSTER_HOME/.dagster.yaml.$$"
mv "$DAGSTER_HOME/.dagster.yaml.$$" "$DAGSTER_HOME/dagster.yaml"
exec "$@"
