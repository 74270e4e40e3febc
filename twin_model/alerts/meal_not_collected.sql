/* ---
title     = { zh = "餐食未取", en = "Meal not collected" }
sentence  = { zh = "{since} 订的餐到现在没有取", en = "the meal ordered at {since} has not been collected" }
severity  = "look"
grade     = 3                   # domain.md D3
scope     = "home"
metrics   = ["meal_order"]
procedure = "elder_incident"
weight    = 0.3
suppressed_by = ["away"]

[parameter.by]
title  = { zh = "最晚几点取餐", en = "To be collected by" }
value  = 13
unit   = "h"
low    = 10
high   = 20
source = { zh = "建议值：食堂午餐供应到 13:00", en = "proposal: the canteen serves lunch until 13:00" }

[[example]]
name     = "ordered in the morning, not collected by one o'clock; collected later ends it"
devices  = { meal = "meal_order" }
readings = [["04:00", "meal.meal_order", 0], ["09:30", "meal.meal_order", 1], ["10:30..13:30 every 1h", "meal.meal_order", 1], ["13:40", "meal.meal_order", 2]]
expect   = [["12:59", {}], ["13:00", { h1 = "firing" }], ["13:39", { h1 = "firing" }], ["13:42", {}]]

[[example]]
name     = "collected in time, or never ordered"
devices  = { meal = "meal_order", other = "meal_order@h2" }
readings = [["09:30", "meal.meal_order", 1], ["12:55", "meal.meal_order", 2], ["12:30", "other.meal_order", 0]]
expect   = [["13:00", {}], ["18:00", {}]]

[[example]]
name     = "a meal ordered in the afternoon is tomorrow's matter"
devices  = { meal = "meal_order" }
readings = [["14:30..20:30 every 1h", "meal.meal_order", 1]]
expect   = [["15:00", {}], ["20:30", {}]]

[[example]]
name     = "when the ordering system is not heard of, nobody knows what was collected"
devices  = { meal = "meal_order", other = "meal_order@h2" }
readings = [["09:30", "meal.meal_order", 1], ["12:00", "other.meal_order", 1, { retained = true }]]
expect   = [["13:00", {}], ["20:00", {}]]

[[example]]
name     = "a new day without an order ends it"
devices  = { meal = "meal_order" }
readings = [["09:30..27:30 every 1h", "meal.meal_order", 1], ["28:00", "meal.meal_order", 0]]
expect   = [["13:00", { h1 = "firing" }], ["27:45", { h1 = "firing" }], ["28:02", {}]]
--- */
WITH ordered AS (
    SELECT o.*, date_trunc('day', o.changed_at + INTERVAL 8 HOUR) + s."by" * INTERVAL 1 HOUR - INTERVAL 8 HOUR AS due_at, s."by"
    FROM state o JOIN setting s ON s.home_id = o.home_id
    WHERE o.metric = 'meal_order' AND o.value = 1)
SELECT home_id AS subject, min(due_at) AS due_at, min(changed_at) AS since, NULL::DOUBLE AS value, any_value("by") AS limit_value,
       'meal_order' AS metric, any_value(community_id) AS community_id, home_id, NULL::TEXT AS room_id,
       NULL::TEXT AS facility_id, any_value(building_id) AS building_id
FROM ordered
WHERE changed_at < due_at AND heard_until >= least(due_at, $instant)
GROUP BY home_id
