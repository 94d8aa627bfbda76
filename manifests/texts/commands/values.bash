SHARD=⟦shard_sh⟧   # the dataset's file, got from its publisher
WORK=⟦work_sh⟧   # the work's file, got from whoever holds it
ROW=⟦row_number⟧ ; GROUP=⟦row_group⟧ ; PLACE=⟦row_in_group⟧   # row of the file; its row group and position there (parquet)
STAMP=proofs/tsa/⟦pending⟧.tsr   # the time stamp to check, see what lies in proofs/tsa
ROOT=../tsa-root.pem   # root certificate of the stamp's authority, got from that authority
