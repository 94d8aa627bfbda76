sha256sum --strict -c tagmanifest-sha256.txt && sha256sum --strict -c manifest-sha256.txt
find data -type f | wc -l ; wc -l < manifest-sha256.txt
find . -type l
