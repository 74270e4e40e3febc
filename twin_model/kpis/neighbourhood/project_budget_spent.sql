/* ---
title         = { zh = "共富项目资金执行", en = "Project budgets spent" }
indicators    = [3]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "ever"
target        = 60
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "400d"
sources       = ["project", "fund_entry"]
version       = 1
public        = true
words         = { zh = "在册项目已付金额 ÷ 预算。储备项目和没有预算的项目不计；超支照实计入，可能超过 100%。", en = "Yuan paid to the projects in the register / their budgets. Left out: projects only planned, and those without a budget. What was overspent is counted as it is and may give more than 100 %." }

[[example]]
name = "a planned project is not behind; overspending shows"
rows.project = """
project_no | title      | category | budget | starts_on  | lead | status  | recorded_at
p1         | 一碗长寿面 | elder    | 1000   | 2025-01-01 | 居委会 | running | 2026-11-01T09:00
p2         | 幸福舞台   | culture  | 1000   | 2025-01-01 | 居委会 | done    | 2026-11-01T09:00
p3         | 守护红船   | culture  | 5000   | 2026-11-01 | 居委会 | planned | 2026-11-01T09:00
"""
rows.fund_entry = """
entry_no | day        | direction | amount | party   | project_no | decision_no | decided_on
j1       | 2026-03-01 | out       | 300    | project | p1         | y1          | 2026-02-01
j2       | 2026-03-01 | out       | 1200   | project | p2         | y1          | 2026-02-01
"""
expect = { value = 75, numerator = 1500, denominator = 2000, excluded = { not_started = 1 } }

[[example]]
name = "a running project of which nothing is paid yet counts as nothing spent"
rows.project = """
project_no | title      | category | budget | starts_on  | lead | status  | recorded_at
p1         | 一碗长寿面 | elder    | 1000   | 2026-11-01 | 居委会 | running | 2026-11-01T09:00
"""
rows.fund_entry = """
entry_no | day        | direction | amount | party
j1       | 2026-03-01 | in        | 9000   | firm
"""
expect = { value = 0, numerator = 0, denominator = 1000 }
--- */
SELECT p.community_id, p.period, p.record_id AS row_id, p.starts_on AS happened_at, p.title, p.status,
       coalesce(sum(f.amount), 0) AS numerator, p.budget AS denominator,
       CASE WHEN p.status = 'planned' THEN 'not_started' WHEN p.budget = 0 THEN 'no_budget' ELSE p.flags[1] END AS excluded
FROM project p
LEFT JOIN fund_entry f ON f.community_id = p.community_id AND f.period = p.period AND f.project_no = p.project_no
                      AND f.direction = 'out'
GROUP BY ALL
