-- Dagster's own storage; the migrations own everything in the database candlehouse.
CREATE DATABASE dagster;
