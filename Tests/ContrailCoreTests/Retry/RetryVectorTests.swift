import ContrailBase
import ContrailTesting
import HTTPTypes
import Testing

@testable import ContrailCore

/// The published vectors of the retry step, run through the whole pipeline where they can be.
@Suite(.timeLimit(.minutes(1))) struct RetryVectorTests {
    struct Decision: Decodable, Sendable {
        struct Outcome: Decodable, Sendable {
            let status: Int?
            let headers: [String: String]?
            let failure: String?
            let sent: Bool?
        }
        let outcome: Outcome
        let `class`: String
        let method: String
        let idempotencyKey: Bool?
        let marked: Bool?
        let budget: String?
        let policy: String?
        let expect: String
    }

    /// What the pipeline does after one such outcome, seen from the server: how often it was asked.
    @Test func decisions() async throws {
        for vector in try Vectors.load("retry-decision") as [Decision] {
            let recorder = RecordingObserver()
            let transport = ScriptedTransport(try step(vector.outcome), .status(200))
            let request = try request(vector)
            let pipeline = CallPipeline(settings: settings(vector, recorder), transport: transport)
            let answer = await Result { try await pipeline.execute(request) }
            #expect(transport.requests.count == (vector.expect == "return" ? 1 : 2), "\(vector)")
            let events = try #require(recorder.calls.first).events
            #expect(events.schedules.map { $0.0 } == expectedSources(vector), "\(vector)")
            #expect(events.schedules.allSatisfy { $0.1.rawValue == vector.class }, "\(vector)")
            if vector.expect == "return" { try expectOriginal(answer, vector.outcome) }
        }
    }

    private func expectedSources(_ vector: Decision) -> [RetryDelaySource] {
        switch vector.expect {
        case "retry": [.policy]
        case "transparent": [.transparent]
        default: []
        }
    }

    private func expectOriginal(
        _ answer: Result<HTTPCall.Response, any Error>, _ outcome: Decision.Outcome
    ) throws {
        switch answer {
        case .success(let response): #expect(response.status.code == outcome.status)
        case .failure(let error): #expect((error as? ClientError)?.code.description == outcome.failure)
        }
    }

    private func step(_ outcome: Decision.Outcome) throws -> ScriptedTransport.Step {
        if let status = outcome.status {
            var headers: HTTPFields = [:]
            for (name, value) in outcome.headers ?? [:] { headers[try #require(HTTPField.Name(name))] = value }
            return .status(status, headers: headers)
        }
        let name = try #require(outcome.failure)
        let kind = try #require(Self.kinds.first(where: { $0.description == name }))
        return .failure(kind, wireSends: outcome.sent == true ? 1 : 0)
    }

    private static let kinds: [TransportError.Kind] = [
        .nameResolution, .connect, .connectTimeout, .tlsHandshake, .certificate, .timeout, .idleReadTimeout,
        .staleConnection, .emptyReply, .connectionReset, .truncatedBody, .protocolViolation, .headersTooLarge,
        .bodyTooLarge, .invalidRequest, .shutDown, .localResources, .other,
    ]

    private func request(_ vector: Decision) throws -> HTTPCall.Request {
        let method = try #require(HTTPRequest.Method(vector.method))
        var request = HTTPCall.Request(method, "http://a.test")
        request.isIdempotent = vector.marked
        return vector.idempotencyKey == true ? request.withIdempotencyKey() : request
    }

    /// The rule makes the wait zero and leaves the rest as it is: what the table refuses stays refused.
    private func settings(_ vector: Decision, _ recorder: RecordingObserver) -> PipelineSettings {
        var settings = PipelineSettings()
        settings.observers = [recorder]
        settings.retry =
            switch vector.policy {
            case "apiClient": .apiClient
            case "never": .never
            default: .standard
            }
        settings.retry.rule = { [.success, .final].contains($0.outcomeClass) ? .standard : .again(after: .zero) }
        if vector.budget == "empty" {
            settings.retryBudget?.ratio = 0
            settings.retryBudget?.minPerSecond = 0
        }
        return settings
    }

    struct Wait: Decodable, Sendable {
        let `class`: String
        let retry: Int
        let u: Double
        let sequence: [Double]?
        let seconds: Double
    }

    @Test func backOffs() throws {
        for vector in try Vectors.load("back-off") as [Wait] {
            var backOff = BackOff()
            backOff.sequence = vector.sequence?.map { .seconds($0) }
            let outcome = try #require(OutcomeClass(rawValue: vector.class))
            let wait = backOff.delay(retry: vector.retry, class: outcome, unit: vector.u)
            #expect(abs(wait.inSeconds - vector.seconds) < 1e-9, "\(vector)")
        }
    }

    struct ServerWait: Decodable, Sendable {
        enum Expectation: Decodable, Sendable {
            case wait(Double)
            case word(String)

            init(from decoder: any Decoder) throws {
                let value = try decoder.singleValueContainer()
                if let seconds = try? value.decode(Double.self) {
                    self = .wait(seconds)
                } else {
                    self = .word(try value.decode(String.self))
                }
            }
        }
        let headers: [[String]]
        let status: Int?
        let spread: Double?
        let deadline: Double?
        let expect: Expectation
    }

    @Test func serverDelays() throws {
        let start = MonotonicInstant(nanoseconds: 0)
        for vector in try Vectors.load("retry-after") as [ServerWait] {
            let head = ResponseHead(
                status: .init(code: vector.status ?? 503), headers: try Vectors.fields(vector.headers))
            let response = WireResponse(head: head, body: .buffered(.empty), summary: SendSummary(submitted: start))
            // A wall clock that is an hour off: only the response's own Date may count.
            let reading = OutcomeReading(.success(response), wallNanoseconds: 1_792_571_280_000_000_000)
            var policy = RetryPolicy.standard
            policy.backOff = .sequence([.milliseconds(50)])
            var session = RetrySession(policy: policy, deadline: vector.deadline.map { start + .seconds($0) })
            session.begin(isIdempotent: true)
            let decision = session.decide(
                after: reading.outcome, at: start, chance: .init(backOff: 0, spread: vector.spread ?? 0))
            switch (vector.expect, decision) {
            case (.wait(let seconds), .retry(let delay, _)):
                #expect(abs(delay.inSeconds - seconds) < 1e-6, "\(vector)")
            case (.word("give_up"), .refuse(.serverDelayTooLong)), (.word("give_up"), .refuse(.deadline)),
                (.word("finish"), .finish):
                break
            default:
                Issue.record("\(vector): \(decision)")
            }
        }
    }

    struct Budget: Decodable, Sendable {
        struct Step: Decodable, Sendable {
            let at: Double
            let success: Int?
            let withdraw: Int?
            let allowed: Int?
        }
        let name: String
        let ratio: Double
        let minPerSecond: Double
        let window: Double
        let steps: [Step]
    }

    @Test func budgets() throws {
        for vector in try Vectors.load("retry-budget") as [Budget] {
            var budget = RetryBudget()
            budget.ratio = vector.ratio
            budget.minPerSecond = vector.minPerSecond
            budget.window = .seconds(vector.window)
            var window = RetryBudgetWindow(budget)
            for step in vector.steps {
                let now = MonotonicInstant(nanoseconds: 0) + .seconds(step.at)
                for _ in 0..<(step.success ?? 0) { window.noteSuccess(at: now) }
                let allowed = (0..<(step.withdraw ?? 0)).count { _ in window.withdraw(at: now) }
                #expect(allowed == step.allowed ?? 0, "\(vector.name) at \(step.at)")
            }
        }
    }

    struct Quota: Decodable, Sendable {
        struct Report: Decodable, Sendable {
            let unit: String
            let limit: Int?
            let remaining: Int?
            let reset: Double?
        }
        let headers: [[String]]
        let expect: [Report]
    }

    @Test func rateLimitFields() throws {
        for vector in try Vectors.load("rate-limit-fields") as [Quota] {
            let reports = RateLimitReport.read(
                try Vectors.fields(vector.headers), wallNanoseconds: 1_792_567_680_000_000_000)
            let expected = try vector.expect.map { report in
                RateLimitReport(
                    unit: try #require(RateLimit.Unit(rawValue: report.unit)), limit: report.limit,
                    remaining: report.remaining, reset: report.reset.map { .seconds($0) })
            }
            #expect(reports.count == expected.count, "\(vector)")
            for (report, expected) in zip(reports, expected) {
                #expect(report.unit == expected.unit && report.limit == expected.limit, "\(vector)")
                #expect(report.remaining == expected.remaining, "\(vector)")
                let difference = (report.reset ?? .zero) - (expected.reset ?? .zero)
                #expect(abs(difference.inSeconds) < 0.001, "\(vector)")
            }
        }
    }
}

extension [CallEvent] {
    /// The retries that were scheduled, with source and class.
    var schedules: [(RetryDelaySource, OutcomeClass)] {
        compactMap { event in
            guard case .retryScheduled(_, _, let outcome, let source, _) = event else { return nil }
            return (source, outcome)
        }
    }

    var refusals: [RetryRefusal] {
        compactMap { event in
            guard case .retryRefused(let refusal, _) = event else { return nil }
            return refusal
        }
    }
}

extension Result where Failure == any Error {
    init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
