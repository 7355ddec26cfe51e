-- Running totals of the words that arrive as lines over TCP: nc -lk 9999
CREATE STREAM lines USING socket OPTIONS (host '${host:localhost}', port ${port:9999});
CREATE SINK screen USING console OPTIONS (output_mode 'complete');
INSERT INTO screen
SELECT word, count(*) AS count FROM (SELECT explode(split(value, ' ')) AS word FROM lines) GROUP BY word;
