#include "windtunnel.hpp"

#include <cxxabi.h>
#include <execinfo.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>
#include <system_error>

namespace {

nlohmann::json settings(const char* variable) {
    std::ifstream file(std::getenv(variable));
    return nlohmann::json::parse(file);
}

std::vector<std::string> cells(const std::string& line) {
    std::vector<std::string> found(1);
    bool quoted = false;
    for (std::size_t at = 0; at < line.size(); ++at) {
        if (line[at] == '"' && quoted && at + 1 < line.size() && line[at + 1] == '"') {
            found.back() += line[at++];
        } else if (line[at] == '"') {
            quoted = !quoted;
        } else if (line[at] == ',' && !quoted) {
            found.emplace_back();
        } else if (line[at] != '\r') {
            found.back() += line[at];
        }
    }
    return found;
}

// Prints where in the program's text the calls on the stack are, and the instruction that failed, if one did.
// binutils is there for the linker.
void print_places(void* failed = nullptr) {
    void* stack[64];
    const int depth = backtrace(stack, 64);
    char addresses[64][20];
    char program[32];
    std::snprintf(program, sizeof program, "/proc/%d/exe", getpid());
    const char* argv[70] = {"addr2line", "-i", "-s", "-e", program};
    for (int at = 0; at < depth; ++at) {
        // A return address may belong to the line after the call.
        const int back = stack[at] == failed ? 0 : 1;
        std::snprintf(addresses[at], sizeof addresses[at], "%p", static_cast<char*>(stack[at]) - back);
        argv[5 + at] = addresses[at];
    }
    int pipes[2];
    if (pipe(pipes) != 0) return;
    const pid_t child = fork();
    if (child == 0) {
        dup2(pipes[1], 1);
        execv("/usr/bin/addr2line", const_cast<char* const*>(argv));
        _exit(127);
    }
    close(pipes[1]);
    if (FILE* lines = fdopen(pipes[0], "r")) {
        char line[512];
        while (std::fgets(line, sizeof line, lines)) {
            line[std::strcspn(line, " \n")] = '\0';  // a discriminator may follow
            if (std::strncmp(line, "strategy.cpp:", 13) == 0) std::fprintf(stderr, "    at %s\n", line);
        }
    }
    waitpid(child, nullptr, 0);
}

[[noreturn]] void die() {
    signal(SIGABRT, SIG_DFL);
    abort();
}

void on_terminate() {
    const std::type_info* type = abi::__cxa_current_exception_type();
    const char* name = type ? abi::__cxa_demangle(type->name(), nullptr, nullptr, nullptr) : nullptr;
    try {
        if (type) throw;
        std::fputs("std::terminate was called\n", stderr);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "uncaught %s: %s\n", name ? name : "exception", error.what());
    } catch (...) {
        std::fprintf(stderr, "uncaught %s: \n", name ? name : "exception");
    }
    print_places();
    die();
}

void* failed_at(const void* context) {
    const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    return reinterpret_cast<void*>(machine.gregs[REG_RIP]);
#elif defined(__aarch64__)
    return reinterpret_cast<void*>(machine.pc);
#else
    return nullptr;
#endif
}

void on_signal(int number, siginfo_t*, void* context) {
    signal(number, SIG_DFL);
    std::fprintf(stderr, "uncaught SIG%s: %s\n", sigabbrev_np(number), strsignal(number));
    print_places(failed_at(context));
    raise(number);
}

// The warden sends it at the time limit and the kernel at that of processor time: what the program holds back is
// written, and where it is. The program is then ended, whether or not it was in the middle of a write.
void on_limit(int number, siginfo_t*, void* context) {
    signal(number, SIG_DFL);
    std::cout.flush();
    std::fflush(nullptr);
    std::fputs("still running:\n", stderr);
    print_places(failed_at(context));
    raise(number);
}

struct Start {
    Start() {
        void* none[1];
        backtrace(none, 1);  // loads its library now, not in a signal handler
        std::set_terminate(on_terminate);
        // A stack that overflowed has no room for a handler.
        static char room[64 * 1024];
        stack_t own{};
        own.ss_sp = room;
        own.ss_size = sizeof room;
        sigaltstack(&own, nullptr);
        struct sigaction action {};
        action.sa_sigaction = on_signal;
        action.sa_flags = SA_ONSTACK | SA_NODEFER | SA_SIGINFO;
        for (int number : {SIGSEGV, SIGFPE, SIGABRT, SIGILL, SIGBUS}) sigaction(number, &action, nullptr);
        action.sa_sigaction = on_limit;
        sigaction(SIGXCPU, &action, nullptr);
        std::srand(wt::seed());
    }
} start;

}  // namespace

namespace wt {

Table::Table(std::string name, const std::string& path) : name_(std::move(name)) {
    if (path.size() < 4 || path.compare(path.size() - 4, 4, ".csv") != 0) {
        throw std::invalid_argument(name_ + " is a Parquet file, which only Python reads; add it as CSV");
    }
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    auto header = cells(line);
    columns.assign(header.begin() + 1, header.end());
    std::vector<std::vector<std::string>> texts(columns.size());
    while (std::getline(file, line)) {
        if (line.empty()) continue;
        auto row = cells(line);
        row.resize(header.size());
        index.push_back(row[0]);
        for (std::size_t at = 0; at < columns.size(); ++at) texts[at].push_back(std::move(row[at + 1]));
    }
    for (std::size_t at = 0; at < columns.size(); ++at) texts_[columns[at]] = std::move(texts[at]);
}

const std::vector<std::string>& Table::text(const std::string& column) const {
    const auto found = texts_.find(column);
    if (found != texts_.end()) return found->second;
    std::string names;
    for (const auto& other : columns) names += (names.empty() ? "" : ", ") + other;
    throw std::out_of_range(name_ + " has no column " + column + "; it has " + names);
}

std::vector<double> Table::column(const std::string& column) const {
    std::vector<double> numbers;
    for (const auto& cell : text(column)) numbers.push_back(cell.empty() ? std::nan("") : std::stod(cell));
    return numbers;
}

const Table& data(const std::string& name) {
    static const nlohmann::json paths = settings("WINDTUNNEL_DATASETS");
    static std::map<std::string, Table> tables;
    const auto known = tables.find(name);
    if (known != tables.end()) return known->second;
    if (!paths.contains(name)) {
        std::string names;
        for (const auto& [other, _] : paths.items()) names += (names.empty() ? "" : ", ") + other;
        if (names.empty()) names = "none; name them in the job's `datasets`";
        throw std::out_of_range(name + " is not among this job's datasets: " + names);
    }
    return tables.try_emplace(name, name, paths[name].get<std::string>()).first->second;
}

namespace {

const nlohmann::json& parsed_params() {
    static const nlohmann::json values = settings("WINDTUNNEL_PARAMS");
    return values;
}

template <typename Value>
Value param_of(const std::string& name, Value otherwise) {
    const auto found = parsed_params().find(name);
    return found == parsed_params().end() || found->is_null() ? otherwise : found->get<Value>();
}

// Numbers that JSON has no form for are {"$float": text} for the host.
nlohmann::json marked(const nlohmann::json& value) {
    if (value.is_number_float() && !std::isfinite(value.get<double>())) {
        const double number = value.get<double>();
        return {{"$float", std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity"}};
    }
    if (!value.is_structured()) return value;
    nlohmann::json copy = value;
    for (auto& item : copy) item = marked(item);
    return copy;
}

void send(const std::string& name, const nlohmann::json& value) {
    const nlohmann::json record{{name, marked(value)}};
    const std::string line = "V" + record.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    const int descriptor = std::atoi(std::getenv("WINDTUNNEL_EMIT_FD"));
    for (std::size_t sent = 0; sent < line.size();) {
        const ssize_t wrote = write(descriptor, line.data() + sent, line.size() - sent);
        if (wrote <= 0) throw std::system_error(errno, std::generic_category(), "emit");
        sent += static_cast<std::size_t>(wrote);
    }
}

}  // namespace

const std::string& params() {
    static const std::string text = parsed_params().dump();
    return text;
}

double param(const std::string& name, double otherwise) { return param_of(name, otherwise); }
int param(const std::string& name, int otherwise) { return param_of(name, otherwise); }
bool param(const std::string& name, bool otherwise) { return param_of(name, otherwise); }
std::string param(const std::string& name, const char* otherwise) { return param_of<std::string>(name, otherwise); }

unsigned seed() { return static_cast<unsigned>(std::strtoul(std::getenv("WINDTUNNEL_SEED"), nullptr, 10)); }

void emit(const std::string& name, const std::string& text) { send(name, text); }
void emit(const std::string& name, const char* text) { send(name, text); }
void emit(const std::string& name, const std::vector<double>& numbers) { send(name, numbers); }
void emit(const std::string& name, const std::map<std::string, double>& numbers) { send(name, numbers); }
void emit_number(const std::string& name, double number) { send(name, number); }
void emit_integer(const std::string& name, long long number) { send(name, number); }
void emit_unsigned(const std::string& name, unsigned long long number) { send(name, number); }
void emit_bool(const std::string& name, bool yes) { send(name, yes); }
void emit_json(const std::string& name, const std::string& json) { send(name, nlohmann::json::parse(json)); }

}  // namespace wt
