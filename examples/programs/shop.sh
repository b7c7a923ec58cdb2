#!/bin/sh
# A shop that writes lines of several levels until it is ended, as an application does that you cannot change.
order=4710
while :; do
  order=$((order + 1))
  echo "INFO  order $order accepted, 3 items, 59.70 EUR"
  echo "INFO  payment of order $order authorised in 182 ms"
  [ $((order % 4)) -ne 0 ] || echo "WARN  stock of item 1127 is low: $((order % 9)) left"
  [ $((order % 9)) -ne 0 ] || echo "ERROR payment of order $order refused: card expired" >&2
  sleep 0.4
done
