LC_ALL=C sort -c -u -k 2 tagmanifest-sha256.txt && wc -l < tagmanifest-sha256.txt
ls -A
