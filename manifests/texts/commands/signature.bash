if openssl pkey -pubin -in proofs/signer.pub.pem -noout -text | grep -qi ed25519
then openssl pkeyutl -verify -pubin -inkey proofs/signer.pub.pem -rawin -in tagmanifest-sha256.txt -sigfile proofs/tagmanifest-sha256.txt.sig
else openssl dgst -sha256 -verify proofs/signer.pub.pem -signature proofs/tagmanifest-sha256.txt.sig tagmanifest-sha256.txt
fi
openssl pkey -pubin -in proofs/signer.pub.pem -outform DER | sha256sum
