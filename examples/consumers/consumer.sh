#!/bin/sh
# A consumer of an agency's events with kcat, to begin from. Needs awk, and kcat with librdkafka 2.6.1 or newer (kcat -V):
# an older one, like Debian 12's, gets the login by SCRAM wrong, and brokers from 3.7.2 and 4 on refuse it.
#
#   sh consumer.sh pln kafka.example.go.id:9093 pln.password state [--ca-file ca.pem] [--until-idle SECONDS] \
#       [--set PROPERTY=VALUE]        any other setting of librdkafka
#
# What it shows: read_committed; the place reached is kept after the work is done, in the same file as its result, which
# is replaced as a whole; an event that comes again changes nothing; a gap in an application's events is noticed; a type
# that it does not know is passed over; a clean stop. Group, offsets and all else that kcat does by itself is not used.
set -eu
agency=$1 bootstrap=$2 password=$3 state=$4
shift 4
protocol=SASL_PLAINTEXT idle='' more='' # without --ca-file in the clear: for tests alone
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
# In a file of our own, not on the command line: there anybody on this machine would read the password.
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
[ -n "$partitions" ] || { echo "$topic is not to be seen: are agency, password and address right?" >&2; exit 1; }

# Lines of the file "seen", by tabs: at PARTITION NEXT-OFFSET, app APPLICATION VERSION, type TYPE COUNT, gaps COUNT.
work='
BEGIN { FS = OFS = "\t" }
FILENAME == seen { kept[$1 OFS $2] = $3; next }
{
    kept["at" OFS $1] = $2 + 1
    split($3, pairs, ","); delete header
    for (i in pairs) { at = index(pairs[i], "="); header[substr(pairs[i], 1, at - 1)] = substr(pairs[i], at + 1) }
    split(header["ce_id"], id, ":"); name = "app" OFS id[1]
    if (id[2] + 0 <= kept[name] + 0) next
    if (header["ce_previous"] + 0 != kept[name] + 0) {
        kept["gaps" OFS ""]++
        print "gap before " header["ce_id"] ": read again from an earlier offset" > "/dev/stderr"
    }
    if (header["ce_type"] ~ /^jejak\.application\.(submitted|received|withdrawn)\.v1$/) { } # $4 is its JSON: use it here
    kept[name] = id[2]
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
            mv "$state/seen.new" "$state/seen" # result and place at once: a crash before it brings the page again
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
