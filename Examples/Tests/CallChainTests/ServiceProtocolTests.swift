import CallChain
import Testing

@Suite struct ServiceReportTests {
    @Test(arguments: [
        ServiceReport.listening(port: 8080), .received(traceparent: "00-a-b-03"), .received(traceparent: nil),
    ])
    func aReportIsReadAsItWasWritten(_ report: ServiceReport) {
        #expect(ServiceReport(line: report.line) == report)
    }

    @Test(arguments: ["", "listening", "listening x", "listening 0", "listening 70000", "received", "hello world"])
    func otherTextIsNoReport(_ line: String) {
        #expect(ServiceReport(line: line) == nil)
    }
}

@Suite struct ServiceLaunchTests {
    @Test(arguments: Behaviour.allCases) func aLaunchIsReadAsItWasWritten(_ behaviour: Behaviour) {
        let launch = ServiceLaunch(name: "pricing", behaviour: behaviour, calls: ["http://127.0.0.1:1/tax"])
        #expect(ServiceLaunch(arguments: launch.arguments) == launch)
    }

    @Test(arguments: [[], ["pricing"], ["pricing", "sleepy"]])
    func otherArgumentsAreNoLaunch(_ arguments: [String]) {
        #expect(ServiceLaunch(arguments: arguments) == nil)
    }
}
