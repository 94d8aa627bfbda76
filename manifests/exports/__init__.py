"""Tables and documents made from a package's records: functions of the records, so that they can be made again."""
