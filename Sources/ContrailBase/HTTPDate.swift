/// The dates of HTTP header fields, in the three forms that a recipient has to understand (RFC 9110 §5.6.7).
package enum HTTPDate {
    /// Seconds since 1970-01-01 UTC, or `nil` if `text` is not a date.
    ///
    /// `now`, in the same unit, decides the century of a two-digit year. The name of the weekday is not compared with
    /// the date: a sender that has it wrong still means the date.
    package static func seconds(_ text: String, now: Int64) -> Int64? {
        let parts = text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "-" }).map { String($0) }
        guard let weekday = parts.first, isWeekday(weekday) else { return nil }
        switch parts.count {
        case 6 where parts[5] == "GMT":
            // Sun, 06 Nov 1994 08:49:37 GMT   or   Sunday, 06-Nov-94 08:49:37 GMT
            return seconds(year: parts[3], month: parts[2], day: parts[1], time: parts[4], now: now)
        case 5:
            // Sun Nov  6 08:49:37 1994
            return seconds(year: parts[4], month: parts[1], day: parts[2], time: parts[3], now: now)
        default:
            return nil
        }
    }

    private static func seconds(year: String, month: String, day: String, time: String, now: Int64) -> Int64? {
        guard let month = months.firstIndex(of: month).map({ $0 + 1 }), let day = number(day, digits: 1...2),
            let ofDay = secondsOfDay(time)
        else { return nil }
        func seconds(_ year: Int) -> Int64? {
            daysSince1970(year: year, month: month, day: day).map { Int64($0) * 86_400 + ofDay }
        }
        if let year = number(year, digits: 4...4) { return seconds(year) }
        guard let short = number(year, digits: 2...2) else { return nil }
        // "More than 50 years in the future" means the past. From the century after next backwards, the first year that
        // is not that far ahead.
        let thisYear = 1970 + Int(now / 31_556_952)
        var year = (thisYear / 100 + 1) * 100 + short
        while year > thisYear + 50 { year -= 100 }
        return seconds(year)
    }

    private static func secondsOfDay(_ time: String) -> Int64? {
        let parts = time.split(separator: ":", omittingEmptySubsequences: false).map { number($0, digits: 2...2) }
        // 60 is a leap second.
        guard parts.count == 3, let hour = parts[0], let minute = parts[1], let second = parts[2],
            hour < 24, minute < 60, second <= 60
        else { return nil }
        return Int64(hour * 3600 + minute * 60 + second)
    }

    /// The proleptic Gregorian calendar; `nil` for a day that the month does not have.
    private static func daysSince1970(year: Int, month: Int, day: Int) -> Int? {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard year >= 1, day >= 1, day <= lengths[month - 1] else { return nil }
        let before = year - 1
        let daysBeforeYear = before * 365 + before / 4 - before / 100 + before / 400
        let dayOfYear = lengths[..<(month - 1)].reduce(0, +) + day - 1
        return daysBeforeYear + dayOfYear - 719_162  // the days before 1970
    }

    private static func number(_ text: some StringProtocol, digits: ClosedRange<Int>) -> Int? {
        guard digits.contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text)
    }

    private static func isWeekday(_ text: String) -> Bool {
        weekdays.contains { $0 == text || $0.prefix(3) == text }
    }

    private static let weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
