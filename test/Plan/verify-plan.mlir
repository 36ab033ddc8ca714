// RUN: ogee-opt %s --ogee-verify-plan --split-input-file --verify-diagnostics

// expected-error@+1 {{has no arena}}
module {}

// -----

module attributes {kernel.arena_bytes = 256 : i64} {
  kernel.func @k(%x: tensor<16xf32>) -> tensor<16xf32> attributes {family = #kernel.family<row>} {
    kernel.yield %x : tensor<16xf32>
  }
  kernel.program @step(%x: tensor<16xf32> {kernel.offset = 0 : i64}) -> (tensor<16xf32>, tensor<16xf32>) {
    %0 = kernel.launch @k(%x) {offsets = array<i64: 0, 64>} : (tensor<16xf32>) -> tensor<16xf32>
    %1 = kernel.launch @k(%x) {offsets = array<i64: 0, 64>} : (tensor<16xf32>) -> tensor<16xf32>
    // expected-error@+1 {{after it was overwritten}}
    kernel.yield %0, %1 : tensor<16xf32>, tensor<16xf32>
  }
}

// -----

module attributes {kernel.arena_bytes = 64 : i64} {
  kernel.func @k(%x: tensor<16xf32>) -> tensor<16xf32> attributes {family = #kernel.family<row>} {
    kernel.yield %x : tensor<16xf32>
  }
  kernel.program @step(%x: tensor<16xf32> {kernel.offset = 0 : i64}) -> tensor<16xf32> {
    // expected-error@+1 {{outside the arena}}
    %0 = kernel.launch @k(%x) {offsets = array<i64: 0, 64>} : (tensor<16xf32>) -> tensor<16xf32>
    kernel.yield %0 : tensor<16xf32>
  }
}

// -----

module attributes {kernel.arena_bytes = 512 : i64} {
  kernel.func @k(%x: tensor<16xf32>) -> tensor<16xf32> attributes {family = #kernel.family<row>} {
    kernel.yield %x : tensor<16xf32>
  }
  kernel.program @step(%x: tensor<16xf32> {kernel.offset = 0 : i64}) -> tensor<16xf32> {
    // expected-error@+1 {{unaligned offset 72}}
    %0 = kernel.launch @k(%x) {offsets = array<i64: 0, 72>} : (tensor<16xf32>) -> tensor<16xf32>
    kernel.yield %0 : tensor<16xf32>
  }
}

// -----

// Launches that join run at the same time. Without the join each of the plans
// below is right.

// The second launch may take %x's place only once the first has read it.

module attributes {kernel.arena_bytes = 256 : i64} {
  kernel.func @k(%x: tensor<16xf32>) -> tensor<16xf32> attributes {family = #kernel.family<row>} {
    kernel.yield %x : tensor<16xf32>
  }
  kernel.program @step(%x: tensor<16xf32> {kernel.offset = 0 : i64}, %y: tensor<16xf32> {kernel.offset = 64 : i64}) -> (tensor<16xf32>, tensor<16xf32>) {
    // expected-error@+1 {{while a launch of its phase writes there}}
    %0 = kernel.launch @k(%x) {offsets = array<i64: 0, 128>} : (tensor<16xf32>) -> tensor<16xf32>
    %1 = kernel.launch @k(%y) {joins, offsets = array<i64: 64, 0>} : (tensor<16xf32>) -> tensor<16xf32>
    kernel.yield %0, %1 : tensor<16xf32>, tensor<16xf32>
  }
}

// -----

module attributes {kernel.arena_bytes = 256 : i64} {
  kernel.func @k(%x: tensor<16xf32>) -> tensor<16xf32> attributes {family = #kernel.family<row>} {
    kernel.yield %x : tensor<16xf32>
  }
  kernel.program @step(%x: tensor<16xf32> {kernel.offset = 0 : i64}, %y: tensor<16xf32> {kernel.offset = 64 : i64}) -> (tensor<16xf32>, tensor<16xf32>) {
    %0 = kernel.launch @k(%x) {offsets = array<i64: 0, 128>} : (tensor<16xf32>) -> tensor<16xf32>
    %1 = kernel.launch @k(%y) {offsets = array<i64: 64, 0>} : (tensor<16xf32>) -> tensor<16xf32>
    kernel.yield %0, %1 : tensor<16xf32>, tensor<16xf32>
  }
}

// -----

// A launch that writes over what it alone reads is no conflict.

module attributes {kernel.arena_bytes = 256 : i64} {
  kernel.func @k(%x: tensor<16xf32>) -> tensor<16xf32> attributes {family = #kernel.family<row>} {
    kernel.yield %x : tensor<16xf32>
  }
  kernel.program @step(%x: tensor<16xf32> {kernel.offset = 0 : i64}, %y: tensor<16xf32> {kernel.offset = 64 : i64}) -> (tensor<16xf32>, tensor<16xf32>) {
    %0 = kernel.launch @k(%x) {offsets = array<i64: 0, 0>} : (tensor<16xf32>) -> tensor<16xf32>
    %1 = kernel.launch @k(%y) {joins, offsets = array<i64: 64, 64>} : (tensor<16xf32>) -> tensor<16xf32>
    kernel.yield %0, %1 : tensor<16xf32>, tensor<16xf32>
  }
}

// -----

module attributes {kernel.arena_bytes = 256 : i64} {
  kernel.func @k(%x: tensor<16xf32>) -> tensor<16xf32> attributes {family = #kernel.family<row>} {
    kernel.yield %x : tensor<16xf32>
  }
  kernel.program @step(%x: tensor<16xf32> {kernel.offset = 0 : i64}) -> tensor<16xf32> {
    %0 = kernel.launch @k(%x) {offsets = array<i64: 0, 64>} : (tensor<16xf32>) -> tensor<16xf32>
    // expected-error@+1 {{which a launch that it joins makes}}
    %1 = kernel.launch @k(%0) {joins, offsets = array<i64: 64, 128>} : (tensor<16xf32>) -> tensor<16xf32>
    kernel.yield %1 : tensor<16xf32>
  }
}

// -----

// Workspaces of launches one after another may share a place, of joined ones
// not.

module attributes {kernel.arena_bytes = 256 : i64} {
  kernel.func @k(%x: tensor<16xf32>) -> tensor<16xf32> attributes {family = #kernel.family<row>, workspaces = array<i64: 64>} {
    kernel.yield %x : tensor<16xf32>
  }
  kernel.program @step(%x: tensor<16xf32> {kernel.offset = 0 : i64}) -> (tensor<16xf32>, tensor<16xf32>) {
    %0 = kernel.launch @k(%x) {offsets = array<i64: 0, 64, 192>} : (tensor<16xf32>) -> tensor<16xf32>
    // expected-error@+1 {{writes where its phase writes something else}}
    %1 = kernel.launch @k(%x) {joins, offsets = array<i64: 0, 128, 192>} : (tensor<16xf32>) -> tensor<16xf32>
    kernel.yield %0, %1 : tensor<16xf32>, tensor<16xf32>
  }
}

// -----

module attributes {kernel.arena_bytes = 256 : i64} {
  kernel.func @k(%x: tensor<16xf32>) -> tensor<16xf32> attributes {family = #kernel.family<row>, workspaces = array<i64: 64>} {
    kernel.yield %x : tensor<16xf32>
  }
  kernel.program @step(%x: tensor<16xf32> {kernel.offset = 0 : i64}) -> (tensor<16xf32>, tensor<16xf32>) {
    %0 = kernel.launch @k(%x) {offsets = array<i64: 0, 64, 192>} : (tensor<16xf32>) -> tensor<16xf32>
    %1 = kernel.launch @k(%x) {offsets = array<i64: 0, 128, 192>} : (tensor<16xf32>) -> tensor<16xf32>
    kernel.yield %0, %1 : tensor<16xf32>, tensor<16xf32>
  }
}
