-- The grid (网格) a building belongs to, by the number of its register (record kind `grid`); whole buildings only.
ALTER TABLE building ADD COLUMN grid TEXT;
