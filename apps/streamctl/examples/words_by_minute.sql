-- How often each word came in each minute, from CSV files of times and texts, as they arrive, into JSON files:
-- streamctl run words_by_minute.sql --param input=DIRECTORY --param output=DIRECTORY --checkpoint DIRECTORY
CREATE STREAM lines (time TIMESTAMP, text STRING)
  USING csv OPTIONS (path '${input}', header true, maxFilesPerTrigger 1)
  WATERMARK FOR time AS time - INTERVAL '1' SECOND;
CREATE SINK counts USING json OPTIONS (path '${output}', trigger '${trigger:1s}');
INSERT INTO counts
SELECT window.start AS minute, word, count(*) AS n
FROM (SELECT time, explode(split(text, ' ')) AS word FROM lines)
GROUP BY window(time, '1 minute'), word;
