for capture in data/captures/*.warc.gz ; do warcio check "$capture" ; done
python3 - data/captures/*.warc.gz <<'EOF'
import hashlib, sys
from warcio.archiveiterator import ArchiveIterator
for name in sys.argv[1:]:
    with open(name, "rb") as stream:
        for record in ArchiveIterator(stream):
            headers = record.rec_headers
            if record.rec_type == "response":
                payload = hashlib.sha256(record.content_stream().read()).hexdigest()
                print(payload, headers.get_header("WARC-Date"), headers.get_header("WARC-Target-URI"))
            if record.rec_type == "revisit":
                payload = headers.get_header("WARC-Payload-Digest").removeprefix("sha256:")
                print(payload, headers.get_header("WARC-Date"), headers.get_header("WARC-Target-URI"), "as before")
EOF
