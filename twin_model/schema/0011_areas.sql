-- The outline (WKB, WGS 84) of a facility that is an area, such as a park or the grounds of a school; null: it is a point.
ALTER TABLE facility ADD COLUMN outline BLOB;
