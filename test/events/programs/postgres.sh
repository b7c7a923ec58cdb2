# Runs statements in PostgreSQL's single-user mode, most of which fail: postgres.sh COUNT
# The server refuses to run as root, so a user of its own does it, who may reach the recorder's socket.
set -eu
bin=$(dirname "$(ls /usr/lib/postgresql/*/bin/postgres | tail -1)")
chmod 711 . && chmod 777 tap.sock
mkdir data && chown postgres data
preload=$LD_PRELOAD
LD_PRELOAD= runuser -u postgres -- "$bin/initdb" -D data >/dev/null 2>&1
printf "log_line_prefix = '%%m [%%p] %%q%%u@%%d '\nlog_statement = 'all'\nlog_min_duration_statement = -1\n" >>data/postgresql.conf
i=0
while [ $i -lt "$1" ]; do
  case $((i % 4)) in
    0) echo "select $i;" ;;
    1) echo "select * from missing_$i where a = 1;" ;;
    2) echo "do \$\$ begin raise exception 'order $i: first line' using detail = 'asked by the shop', hint = 'try later'; end \$\$;" ;;
    3) echo "select 1 / ($i - $i);" ;;
  esac
  i=$((i + 1))
done >statements
LD_PRELOAD= runuser -u postgres -- env LD_PRELOAD="$preload" "$bin/postgres" --single -D data postgres <statements >/dev/null
