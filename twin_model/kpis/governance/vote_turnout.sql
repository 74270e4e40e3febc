/* ---
title         = { zh = "居民表决参与率", en = "Turnout of residents' votes" }
indicators    = [32]
unit          = { zh = "%", en = "%" }
measure       = "share"
digits        = 1
period        = "12m"
target        = 67
direction     = "up"
target_source = { zh = "建议值：三分之二", en = "proposal: two thirds" }
freshness     = "400d"
sources       = ["resident_vote"]
version       = 1
public        = true
words         = { zh = "近 12 个月各次表决投票人数之和 ÷ 有权投票人数之和", en = "votes cast ÷ people entitled to vote, over the votes of the last 12 months" }
[[example]]
name = "a vote of the whole community weighs more than one of an estate"
rows.resident_vote = """
vote_no | day        | topic        | entitled | voted
B1      | 2026-03-20 | 加装电梯方案 | 1000     | 700
B2      | 2026-09-20 | 停车收费     | 500      | 200
"""
expect = { value = 60, numerator = 900, denominator = 1500 }
[[example]]
name = "a vote nobody was entitled to has no turnout"
rows.resident_vote = """
vote_no | day        | topic    | entitled | voted
B1      | 2026-09-20 | 停车收费 | 0        | 0
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, record_id AS row_id, day, topic, estate,
       voted AS numerator, entitled AS denominator, flags[1] AS excluded
FROM resident_vote
