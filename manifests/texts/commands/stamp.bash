openssl ts -reply -in "$STAMP" -text
WHEN=$(openssl ts -reply -in "$STAMP" -text | sed -n 's/^Time stamp: //p')
EPOCH=$(date -u -d "$WHEN" +%s)   # macOS: date -j -u -f '%b %e %T %Y %Z' "$WHEN" +%s
CHAIN=${STAMP%.tsr}.chain.pem ; [ -f "$CHAIN" ] || CHAIN=
openssl ts -verify -data tagmanifest-sha256.txt -in "$STAMP" -CAfile "$ROOT" ${CHAIN:+-untrusted "$CHAIN"} -attime "$EPOCH"
