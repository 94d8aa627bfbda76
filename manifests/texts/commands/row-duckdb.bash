python3 - "$SHARD" "$ROW" <<'EOF'
import sys
import duckdb
name = "'" + sys.argv[1].replace("'", "''") + "'"
found = duckdb.sql(f"SELECT * FROM read_parquet({name}, file_row_number=true) WHERE file_row_number={int(sys.argv[2])}")
columns = found.columns
for row in found.fetchall():
    for column, value in zip(columns, row):
        print(column, "=", value)
EOF
