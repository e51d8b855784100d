#!/bin/sh
# An example consumer of an agency's events, with kcat. It needs awk, and kcat with librdkafka 2.6.1 or newer (kcat -V).
# Older versions, such as Debian 12's, have a fault in the SCRAM login, and brokers from 3.7.2 and 4 on refuse it.
#
#   sh consumer.sh pln kafka.example.go.id:9093 pln.password state [--ca-file ca.pem] [--until-idle SECONDS] \
#       [--set PROPERTY=VALUE]        any other setting of librdkafka
#
# It shows: isolation level read_committed; keeping the offset after the work is done, in the same file as the result,
# which is replaced atomically; idempotent handling of an event that comes again; detecting a gap in an application's
# events; forgetting events that a restore of the sender's database lost (header ce_era); ignoring unknown types; a clean
# stop. It does not use kcat's consumer groups and stored offsets.
set -eu
agency=$1 bootstrap=$2 password=$3 state=$4
shift 4
protocol=SASL_PLAINTEXT idle='' more='' # without --ca-file, the connection is not encrypted: for tests only
while [ $# -gt 0 ]; do
    case $1 in
        --ca-file) protocol=SASL_SSL more="ssl.ca.location=$2" ;;
        --set) more="$more
$2" ;;
        --until-idle) idle=$2 ;;
        *) echo "unknown: $1" >&2; exit 2 ;;
    esac
    shift 2
done
topic=jejak.agency.$agency.events.v1
stop=''
trap 'stop=1' INT TERM
umask 077
mkdir -p "$state"
trap 'rm -f "$state/login" "$state/page"' EXIT
# The login is in a private file and not on the command line, where every user of this machine could read the password.
cat >"$state/login" <<LOGIN
bootstrap.servers=$bootstrap
security.protocol=$protocol
sasl.mechanism=SCRAM-SHA-512
sasl.username=$agency
sasl.password=$(cat "$password")
isolation.level=read_committed
auto.offset.reset=earliest
$more
LOGIN
[ -e "$state/seen" ] || : >"$state/seen"
partitions=$(kcat -F "$state/login" -L -t "$topic" 2>/dev/null | sed -n 's/.* with \([0-9]*\) partitions:.*/\1/p')
[ -n "$partitions" ] || { echo "cannot see $topic: check the agency, the password and the address" >&2; exit 1; }

# Lines of the file "seen", separated by tabs: at PARTITION NEXT-OFFSET, app APPLICATION VERSION, era APPLICATION ERA,
# type TYPE COUNT, gaps COUNT.
work='
BEGIN { FS = OFS = "\t" }
FILENAME == seen { kept[$1 OFS $2] = $3; next }
{
    kept["at" OFS $1] = $2 + 1
    split($3, pairs, ","); delete header
    for (i in pairs) { at = index(pairs[i], "="); header[substr(pairs[i], 1, at - 1)] = substr(pairs[i], at + 1) }
    split(header["ce_id"], id, ":"); name = "app" OFS id[1]
    era = "ce_era" in header ? header["ce_era"] + 0 : 1
    known = kept["era" OFS id[1]] ? kept["era" OFS id[1]] + 0 : 1
    if (era > known && kept[name] + 0 > header["ce_previous"] + 0) kept[name] = header["ce_previous"] + 0 # these did not happen
    if (era < known || id[2] + 0 <= kept[name] + 0) next
    if (header["ce_previous"] + 0 != kept[name] + 0) {
        kept["gaps" OFS ""]++
        print "gap before " header["ce_id"] ": read again from an earlier offset" > "/dev/stderr"
    }
    if (header["ce_type"] ~ /^jejak\.application\.(submitted|received|withdrawn)\.v1$/) { } # $4 is the JSON of the event: use it here
    kept[name] = id[2]; kept["era" OFS id[1]] = era
    kept["type" OFS header["ce_type"]]++
}
END { for (key in kept) print key, kept[key] }'

quiet_since=$(date +%s)
while [ -z "$stop" ]; do
    partition=0
    while [ "$partition" -lt "$partitions" ]; do
        next=$(awk -F'\t' -v p="$partition" '$1 == "at" && $2 == p { print $3 }' "$state/seen")
        kcat -F "$state/login" -C -q -t "$topic" -p "$partition" -o "${next:-beginning}" -c 5000 -e \
            -f '%p\t%o\t%h\t%s\n' >"$state/page"
        if [ -s "$state/page" ]; then
            quiet_since=$(date +%s)
            awk -v seen="$state/seen" "$work" "$state/seen" "$state/page" >"$state/seen.new"
            mv "$state/seen.new" "$state/seen" # result and offset together: after a crash before it, the page is read again
        fi
        partition=$((partition + 1))
    done
    if [ -n "$idle" ] && [ $(($(date +%s) - quiet_since)) -ge "$idle" ]; then break; fi
    sleep 1
done
sort "$state/seen" | awk -F'\t' '
$1 == "type" { types = types (types ? ", " : "") "\"" $2 "\": " $3; events += $3 }
$1 == "gaps" { gaps = $3 }
END { printf "{\"gaps\": %d, \"events\": %d, \"by_type\": {%s}}\n", gaps, events, types; exit gaps > 0 }'
