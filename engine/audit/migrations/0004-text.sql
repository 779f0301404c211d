-- Words of journeys: name, input, outputs (text) and what went wrong (errors); facet and status as words of their own
-- (marks), so that a search under a filter is one walk over short lists. The text itself isn't kept: the events have it.
-- unicode61 with lists of beginnings was measured against trigram: two thirds of the time and space, an id is found twenty
-- times faster and a beginning as fast; what is lost is finding the middle of a word. Figures: test/bench/audit.ts.
CREATE VIRTUAL TABLE journey_text USING fts5 (
  text,
  errors,
  marks,
  content = '',
  contentless_delete = 1,
  prefix = '3 4 5 6 7 8',
  tokenize = 'unicode61 remove_diacritics 2'
);

-- Ended or stuck journeys whose words aren't up to date yet.
CREATE TABLE text_pending (
  journey_id INTEGER PRIMARY KEY
) STRICT;
