-- Running totals of words: streamctl run word_count.sql --param input=DIRECTORY
CREATE STREAM lines USING text OPTIONS (path '${input}');
CREATE SINK screen USING console OPTIONS (output_mode 'complete');

INSERT INTO screen
SELECT word, count(*) AS count
FROM (SELECT explode(split(value, ' ')) AS word FROM lines)
GROUP BY word
ORDER BY count DESC, word;
