-- Readings by minute, and beside them what would else be lost, each row exactly once:
-- records that are no readings, and readings that came too late for their minute.
-- streamctl run side_outputs.sql --param input=DIRECTORY --param output=DIRECTORY --checkpoint DIRECTORY
CREATE SINK quarantine USING json OPTIONS (path '${output}/bad');
CREATE SINK late USING json OPTIONS (path '${output}/late');
CREATE STREAM readings (time TIMESTAMP, sensor STRING, value INT)
  USING csv OPTIONS (path '${input}', header true, bad_records 'quarantine')
  WATERMARK FOR time AS time - INTERVAL '10' SECONDS;
CREATE SINK minutes USING json
  OPTIONS (path '${output}/minutes', trigger '${trigger:1s}', late_rows 'late');
INSERT INTO minutes
SELECT date_format(window.start, 'HH:mm') AS minute, sensor, count(*) AS n
FROM readings GROUP BY window(time, '1 minute'), sensor;
