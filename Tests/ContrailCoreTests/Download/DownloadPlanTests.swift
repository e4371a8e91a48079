import ContrailTesting
import HTTPTypes
import Testing

@testable import ContrailCore

@Suite struct DownloadPlanTests {
    private let tag = "\"v1\""

    private func headers(_ plan: DownloadPlan, _ headers: HTTPFields = [:]) -> HTTPFields {
        var headers = headers
        plan.prepare(&headers)
        return headers
    }

    private func begin(
        _ plan: DownloadPlan, _ status: Int, _ headers: HTTPFields = [:]
    ) -> (DownloadPlan.Decision, DownloadPlan) {
        var plan = plan
        return (plan.begin(status: status, headers: headers), plan)
    }

    private func receive(_ count: Int, _ plan: inout DownloadPlan, fits: Bool = true) {
        let isExpected = plan.receive(count)
        #expect(isExpected == fits)
    }

    private var half: DownloadPlan { DownloadPlan(received: 5, validator: tag, total: 10) }

    @Test func asksForAllOfItUncoded() {
        #expect(headers(DownloadPlan()) == [.acceptEncoding: "identity"])
        #expect(headers(DownloadPlan(), [.acceptEncoding: "gzip"]) == [.acceptEncoding: "gzip"])
    }

    @Test func asksForTheRestUnderItsTag() {
        let asked = headers(half)
        #expect(asked[.range] == "bytes=5-")
        #expect(asked[.ifRange] == tag)
    }

    @Test(arguments: ["W/\"v1\"", "v1", "\"", ""])
    func onlyAStrongTagIsContinued(tag: String) {
        var (_, plan) = begin(DownloadPlan(), 200, [.eTag: tag, .contentLength: "10"])
        receive(5, &plan)
        #expect(!plan.canContinue)
        #expect(headers(plan)[.range] == nil)
    }

    @Test func aServerThatKnowsNoRangesIsNotAskedForOne() {
        var (_, plan) = begin(DownloadPlan(), 200, [.eTag: tag, .acceptRanges: "none"])
        receive(5, &plan)
        #expect(!plan.canContinue)
    }

    @Test func aPartWithoutATagIsNotTrusted() {
        #expect(DownloadPlan(received: 5, validator: nil, total: 10) == DownloadPlan())
        // Longer than the whole: not a part of it.
        #expect(DownloadPlan(received: 11, validator: tag, total: 10) == DownloadPlan())
    }

    @Test func thePartThatWasAskedForIsWrittenBehind() {
        let (decision, after) = begin(half, 206, [.contentRange: "bytes 5-9/10", .eTag: tag])
        #expect(decision == .write(at: 5))
        var plan = after
        receive(5, &plan)
        #expect(plan.isComplete)
        receive(1, &plan, fits: false)
    }

    @Test(
        arguments: [
            [.contentRange: "bytes 4-9/10"], [.contentRange: "bytes 6-9/10"], [.contentRange: "bytes 5-9/11"],
            [.contentRange: "nonsense"], [:], [.contentRange: "bytes 5-9/10", .eTag: "\"v2\""],
            [.contentType: "multipart/byteranges; boundary=x"],
        ] as [HTTPFields])
    func anotherPartStartsOverOnce(headers: HTTPFields) {
        var (decision, plan) = begin(half, 206, headers)
        #expect(decision == .startOver)
        #expect(plan.received == 0)
        #expect(!plan.canContinue)
        // The second time somebody is not playing by the rules.
        _ = plan.begin(status: 200, headers: [.eTag: tag, .contentLength: "10"])
        _ = plan.receive(5)
        guard case .invalid = plan.begin(status: 206, headers: headers) else {
            Issue.record("accepted")
            return
        }
    }

    @Test func aWholeAnswerStartsOver() {
        let (decision, plan) = begin(half, 200, [.eTag: "\"v2\"", .contentLength: "7"])
        #expect(decision == .write(at: 0))
        #expect(plan.received == 0)
        #expect(plan.validator == "\"v2\"")
        #expect(plan.total == 7)
    }

    @Test func aPartThatNobodyAskedForIsInvalid() {
        guard case .invalid = begin(DownloadPlan(), 206, [.contentRange: "bytes 0-9/10"]).0 else {
            Issue.record("accepted")
            return
        }
    }

    @Test func nothingMissingIsComplete() {
        let all = DownloadPlan(received: 10, validator: tag, total: 10)
        #expect(begin(all, 416, [.contentRange: "bytes */10"]).0 == .complete)
        #expect(begin(all, 416, [.contentRange: "bytes */11"]).0 == .startOver)
        #expect(begin(all, 416).0 == .startOver)
        #expect(begin(DownloadPlan(), 416).0 == .refuse)
    }

    @Test(arguments: [304, 404, 412, 500])
    func otherStatusesAreTheCallers(status: Int) { #expect(begin(half, status).0 == .refuse) }

    @Test func aBodyThatEndsEarlyIsNotComplete() {
        var (_, plan) = begin(DownloadPlan(), 200, [.contentLength: "10", .eTag: tag])
        receive(9, &plan)
        #expect(!plan.isComplete)
        var (_, unknown) = begin(DownloadPlan(), 200, [.eTag: tag])
        receive(9, &unknown)
        #expect(unknown.isComplete)
    }

    /// A model server with two versions that breaks off anywhere and lies now and then: what is complete is one version.
    @Test func whatIsCompleteIsNeverAMixture() {
        let random = SeededRandom(seed: 5)
        var completed = 0
        for _ in 0..<2_000 {
            var plan = DownloadPlan()
            var file: [Character] = []
            for _ in 0..<12 {
                let version = random.next() % 4 == 0 ? "b" : "a"
                let length = version == "a" ? 10 : 12
                let fields = headers(plan)
                let start = fields[.ifRange] == "\"\(version)\"" && fields[.range] != nil ? file.count : 0
                let lie = random.next() % 8 == 0 ? 1 : 0
                let isPart = fields[.range] != nil && start > 0
                let status = !isPart ? 200 : start >= length ? 416 : 206
                var answer: HTTPFields = [.eTag: "\"\(version)\""]
                if status == 200 { answer[.contentLength] = String(length) }
                if status == 206 { answer[.contentRange] = "bytes \(start + lie)-\(length - 1 + lie)/\(length + lie)" }
                if status == 416 { answer[.contentRange] = "bytes */\(length)" }
                switch plan.begin(status: status, headers: answer) {
                case .write(let position):
                    let offset = Int(position)
                    file.removeSubrange(offset...)
                    let count = Int(random.next() % UInt64(length - offset + 1))
                    receive(count, &plan)
                    file += Array(repeating: Character(version), count: count)
                case .startOver: file = []
                case .complete, .refuse, .invalid: break
                }
                guard plan.isComplete, plan.received > 0 else { continue }
                completed += 1
                #expect(Set(file).count == 1)
                #expect(file.count == (file[0] == "a" ? 10 : 12))
                break
            }
        }
        #expect(completed > 1_000)
    }
}
