python3 - "$SHARD" "$GROUP" "$PLACE" <<'EOF'
import sys
import pyarrow.parquet
row = pyarrow.parquet.ParquetFile(sys.argv[1]).read_row_group(int(sys.argv[2])).slice(int(sys.argv[3]), 1)
for name, column in zip(row.column_names, row.columns):
    print(name, "=", column[0].as_py())
EOF
