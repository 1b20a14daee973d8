# The old system of docs/MIGRATION.md: a report that somebody wrote years ago, in floats, printed with two places.
#   awk -f legacy/v1.awk tapes/history.csv
BEGIN { FS = ","; print "kpi,segment,as_of,value" }
FNR > 1 {
    for (n = 1; n <= 2; n++) {
        group = (n == 1 ? "total" : $3) "," $2
        balance[group] += $5
        if ($4 > 30) late30[group] += $5
        if ($4 > 90) late90[group] += $5
    }
}
END {
    for (group in balance) {
        printf "PAR30,%s,%.2f\n", group, 100 * late30[group] / balance[group]
        printf "PAR90,%s,%.2f\n", group, 100 * late90[group] / balance[group]
    }
}
