for capture in data/captures/*.warc.gz ; do warcio check "$capture" ; done
python3 - data/captures/*.warc.gz <<'EOF'
import hashlib, sys
from warcio.archiveiterator import ArchiveIterator
for name in sys.argv[1:]:
    with open(name, "rb") as stream:
        for record in ArchiveIterator(stream):
            if record.rec_type == "response":
                payload = hashlib.sha256(record.content_stream().read()).hexdigest()
                print(payload, record.rec_headers.get_header("WARC-Date"), record.rec_headers.get_header("WARC-Target-URI"))
EOF
