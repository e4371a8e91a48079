/// Reads typed values from environment variables, and keeps a warning for each that is no good.
///
/// An empty variable is an unset one; a bad value is ignored and told (OTel Configuration, "Environment Variables").
/// Warnings name the variable; they show values of numbers, flags and choices only, since the rest may hold secrets.
struct EnvironmentReader {
    private let environment: [String: String]
    private(set) var warnings: [String] = []

    init(_ environment: [String: String]) { self.environment = environment }

    /// The value, or `nil` if there is none.
    func text(_ name: String) -> String? {
        guard let value = environment[name]?.trimmingBlanks, !value.isEmpty else { return nil }
        return value
    }

    /// The first of the names that has a value, with that name: the signal's own variable stands before the general
    /// one.
    func first(_ names: [String]) -> (name: String, value: String)? {
        for name in names {
            if let value = text(name) { return (name, value) }
        }
        return nil
    }

    mutating func warn(_ name: String, _ what: String) { warnings.append("\(name) \(what)") }

    /// True for `true` in any case; everything else is false, and a warning unless it is `false`. `nil` if not set.
    mutating func flag(_ name: String) -> Bool? {
        guard let value = text(name)?.lowercased() else { return nil }
        if value != "true" && value != "false" {
            warn(name, "must be true or false, not \(Self.shown(value)): taken as false")
        }
        return value == "true"
    }

    /// A whole number in `range`. More than 2^31 - 1 is nothing that anybody means.
    mutating func number(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = text(name) else { return nil }
        guard let number = Int(value), range.contains(number) else {
            let bounds = "from \(range.lowerBound) to \(range.upperBound)"
            warn(name, "must be a whole number \(bounds), not \(Self.shown(value)): ignored")
            return nil
        }
        return number
    }

    /// A whole number of at least `minimum`.
    mutating func number(_ name: String, atLeast minimum: Int) -> Int? {
        number(name, in: minimum...Int(Int32.max))
    }

    /// Milliseconds.
    mutating func duration(_ name: String) -> Duration? { number(name, atLeast: 0).map { .milliseconds($0) } }

    /// A number from 0 to 1.
    mutating func ratio(_ name: String) -> Double? {
        guard let value = text(name) else { return nil }
        guard let number = Double(value), (0...1).contains(number) else {
            warn(name, "must be a number from 0 to 1, not \(Self.shown(value)): ignored")
            return nil
        }
        return number
    }

    /// One of the names of `Choice`, in any case; `nil` if it is another, or not set.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(_ names: [String], _: Choice.Type) -> Choice?
    where Choice.RawValue == String {
        guard let (name, value) = first(names) else { return nil }
        return choice(name, value)
    }

    /// A list of names of `Choice`, each once, in order; those that are others are ignored. `nil` if not set, or if
    /// nothing is left. `none` is the empty list, and stands alone.
    mutating func choices<Choice: RawRepresentable & CaseIterable & Equatable>(
        _ name: String, _: Choice.Type
    ) -> [Choice]? where Choice.RawValue == String {
        guard let text = text(name) else { return nil }
        let members = text.split(separator: ",").map { String($0).trimmingBlanks.lowercased() }.filter { !$0.isEmpty }
        if members == ["none"] { return [] }
        var choices: [Choice] = []
        for member in members {
            if member == "none" {
                warn(name, "has 'none' beside others: that is ignored")
            } else if let choice: Choice = choice(name, member), !choices.contains(choice) {
                choices.append(choice)
            }
        }
        return choices.isEmpty ? nil : choices
    }

    private mutating func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, _ value: String) -> Choice?
    where Choice.RawValue == String {
        if let choice = Choice(rawValue: value.lowercased()) { return choice }
        let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        warn(name, "knows \(known), not \(Self.shown(value)): ignored")
        return nil
    }

    /// What a bad value is shown as: short, and without what would break a line of a log.
    private static func shown(_ value: String) -> String {
        "'" + String(value.prefix(40).map { $0.isNewline || $0.asciiValue.map { $0 < 0x20 } == true ? " " : $0 }) + "'"
    }
}
