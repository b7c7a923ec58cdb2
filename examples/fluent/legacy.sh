# A program that nobody can change any more: it writes its log into a file.
order=0
while sleep 0.2; do
  order=$((order + 1))
  echo "order $order accepted" >> /var/log/orders.log
done
