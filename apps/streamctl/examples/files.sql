-- Readings from CSV files, as they arrive, into JSON files by sensor, each row exactly once:
-- streamctl run files.sql --param input=DIRECTORY --param output=DIRECTORY --checkpoint DIRECTORY
CREATE STREAM readings (time TIMESTAMP, sensor STRING, value INT)
  USING csv OPTIONS (path '${input}', header true)
  WATERMARK FOR time AS time - INTERVAL '10' SECONDS;
CREATE SINK doubled USING json OPTIONS (path '${output}', trigger '${trigger:1s}');
INSERT INTO doubled
SELECT sensor, value * 2 AS value FROM readings WHERE value >= 0;
